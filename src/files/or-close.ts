/** Does something with what is open, which is closed where that fails: what went wrong first is what matters. */
export async function orClose<T>(
  opened: { readonly close: () => Promise<void> },
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    await opened.close().catch(() => {});
    throw error;
  }
}

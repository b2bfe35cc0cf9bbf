/** Runs an action that uses an open resource, and closes the resource if the action fails. Throws the action's error. */
export async function closeOnError<T>(
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

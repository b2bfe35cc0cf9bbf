/** Shows what a command is doing at the moment, besides the permanent lines that it prints. */
export interface Display {
  readonly kind: 'bar' | 'plain' | 'none';
  /** @param text one line; called only if it is shown */
  show(text: () => string): void;
  clear(): void;
}

/** Shows nothing. */
export const NO_DISPLAY: Display = { kind: 'none', show: () => {}, clear: () => {} };

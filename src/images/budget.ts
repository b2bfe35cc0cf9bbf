/** Thrown when a parser exceeds its budget of steps. */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded';
}

/**
 * The number of steps that a parser may take over one file. Our parsers run on the event loop, where they delay other images
 * and signals, so no file may keep one busy: a list can loop back to its start, and a few bytes can hold millions of parts.
 */
export class Budget {
  #left: number;

  /** @param steps parts of a file to look at, or values to read: some 20 to 50 ns each */
  constructor(steps: number) {
    this.#left = steps;
  }

  /** @throws BudgetExceeded when fewer steps are left; the budget is then used up */
  spend(steps = 1): void {
    this.#left -= steps;
    if (!(this.#left >= 0)) throw new BudgetExceeded();
  }
}

/**
 * Parses within a budget of steps.
 *
 * @param otherwise the result when the budget does not suffice
 */
export function withinBudget<T>(steps: number, otherwise: T, parse: (budget: Budget) => T): T {
  try {
    return parse(new Budget(steps));
  } catch (error) {
    if (error instanceof BudgetExceeded) return otherwise;
    throw error;
  }
}

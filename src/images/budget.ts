/** A parser has taken more steps than it may. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent';
}

/**
 * The steps that a parser may take over one file. Our parsers run between the images of a run and its signals, so that a file
 * must not keep one busy, whatever it says of itself: a list may lead back into its beginning, and millions of parts fit into
 * few bytes.
 */
export class Budget {
  #left: number;

  /** @param steps parts of a file that are looked at, or values that are read: some 20 to 50 ns each */
  constructor(steps: number) {
    this.#left = steps;
  }

  /** @throws BudgetSpent where fewer steps are left; none are from then on */
  spend(steps = 1): void {
    this.#left -= steps;
    if (!(this.#left >= 0)) throw new BudgetSpent();
  }
}

/**
 * What a parser finds in as many steps as it may take.
 *
 * @param otherwise where they do not suffice
 */
export function withinBudget<T>(steps: number, otherwise: T, parse: (budget: Budget) => T): T {
  try {
    return parse(new Budget(steps));
  } catch (error) {
    if (error instanceof BudgetSpent) return otherwise;
    throw error;
  }
}

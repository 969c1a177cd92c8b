/**
 * How much is fuzzed, and from where: AUTHSEAL_TEST_ROUNDS times 10,000 cases a border, from the seed
 * AUTHSEAL_TEST_SEED or one of chance. fast-check names the seed of what fails.
 */
const rounds = Number(process.env.AUTHSEAL_TEST_ROUNDS ?? 1);
const seed = Number(process.env.AUTHSEAL_TEST_SEED ?? Date.now());

/** The seed of what is sampled outside a property; said where that fails. */
export const SEED = seed % 2 ** 31;

/** Parameters of fast-check for a share of a border's cases. */
export const cases = (number = 10_000) => ({ numRuns: Math.ceil(number * rounds), seed: SEED });

/** Milliseconds for a test, at many times what it takes. */
export const TIMEOUT = { timeout: 120_000 + 240_000 * rounds };

/** The backend that tests of what stands above the engine run on, unless a test names another. */
export const testBackend = "reference";

/** Generators that replay the random numbers of PyTorch and NumPy, seed for seed. */
export * from "./mt19937.ts";
export * from "./numpy.ts";
export * from "./torch.ts";

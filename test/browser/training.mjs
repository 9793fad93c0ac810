/**
 * The same training for Node, a page and a worker: plain JavaScript, because browsers load it as it is.
 *
 * `trainAll` takes the library's modules and gives the SHA-256 of the data and of the weights after training.
 */

const here = (model, x, y, options) => model.fit(x, y, { ...options, verbose: 0 });

/** A multilayer perceptron with dropout, trained with Adam by `fit`, on points whose class is a parity. */
async function mlp({ Adam, Dense, Dropout, Input, Sequential }, fit) {
  const model = new Sequential(
    [
      Input({ shape: [9] }),
      new Dense({ units: 32, activation: "relu" }),
      new Dropout({ rate: 0.25 }),
      new Dense({ units: 8, activation: "tanh" }),
      new Dense({ units: 1, activation: "sigmoid" }),
    ],
    { seed: 3 },
  );
  model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: "binaryCrossentropy" });
  const rows = 1000;
  const x = new Float32Array(rows * 9);
  const y = new Float32Array(rows);
  let state = 12345;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < 9; j++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      x[i * 9 + j] = state / 2 ** 31 - 1;
    }
    y[i] = Number(x[i * 9] * x[i * 9 + 1] > 0);
  }
  // 1000 rows in batches of 48: the last one is short.
  await fit(model, { data: x, shape: [rows, 9] }, y, { batchSize: 48, epochs: 3, seed: 5 });
  return model;
}

/** The lecture's network on generated digits, kept as bytes. */
async function cnn({ Conv2D, Dense, Flatten, Input, MaxPooling2D, Sequential }, train, fit) {
  const model = new Sequential(
    [
      Input({ shape: [28, 28, 1] }),
      new Conv2D({ filters: 8, kernelSize: [3, 3], activation: "relu" }),
      new MaxPooling2D({ poolSize: [2, 2] }),
      new Flatten(),
      new Dense({ units: 16, activation: "relu" }),
      new Dense({ units: 10, activation: "softmax" }),
    ],
    { seed: 1 },
  );
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const x = { data: train.images, shape: [train.labels.length, 28, 28, 1] };
  await fit(model, x, train.labels, { batchSize: 100, epochs: 2, seed: 7 });
  return model;
}

async function sha256(arrays) {
  const bytes = new Uint8Array(arrays.reduce((n, a) => n + a.byteLength, 0));
  let at = 0;
  for (const a of arrays) {
    bytes.set(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), at);
    at += a.byteLength;
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("");
}

/**
 * Hashes of the digits and of both networks' weights. `tendril` and `data` are the modules of those names; `fit` trains a
 * model, by its own method unless given.
 */
export async function trainAll(tendril, data, fit = here) {
  const { train } = data.digits({ train: 1000, test: 0, seed: 11 });
  return {
    digits: await sha256([train.images, train.labels]),
    mlp: await sha256((await mlp(tendril, fit)).getWeights()),
    cnn: await sha256((await cnn(tendril, train, fit)).getWeights()),
  };
}

/** jax-js on its WebAssembly backend: a jitted step of loss, gradients and Adam. Values are used once unless `.ref` is taken. */
import { needs, repeats, samples, takePart, timed, uniform, warmUp } from "./common.mjs";

const began = performance.now();
const { defaultDevice, init, jit, lax, nn, numpy: np, valueAndGrad } = await needs("@jax-js/jax");
await init("wasm");
defaultDevice("wasm");
const imported = (performance.now() - began) / 1000;

/** The networks written down here. */
const plain = (work) => !work.residual && !work.reconstructs && work.kernel === undefined;

/** A part of the rows has to do. */
const mostRows = { images: 1000, points: 8000 };

/** Glorot-uniform weights, as a flat list: kernels and biases in turn. Images are channels first. */
function weights({ input, convolutions, dense, classes }) {
  const made = [];
  const layer = (shape, fanIn, fanOut) => {
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    const count = shape.reduce((a, b) => a * b, 1);
    const values = uniform(count, made.length + 1).map((v) => (2 * v - 1) * limit);
    made.push(np.array(values).reshape(shape), np.zeros([fanOut]));
  };
  let size = input[0];
  if (input.length > 1) {
    let [height, width, channels] = input;
    for (const filters of convolutions) {
      layer([filters, channels, 3, 3], channels * 9, filters);
      [height, width, channels] = [(height - 2) >> 1, (width - 2) >> 1, filters];
    }
    size = height * width * channels;
  }
  for (const units of [...dense, classes]) {
    layer([size, units], size, units);
    size = units;
  }
  return made;
}

function lossOf({ convolutions, classes }) {
  return (params, x, y) => {
    let h = x;
    for (let i = 0; i < params.length / 2; i++) {
      const [kernel, bias] = [params[2 * i], params[2 * i + 1]];
      const last = i === params.length / 2 - 1;
      if (i < convolutions.length) {
        h = nn.relu(lax.conv(h, kernel, [1, 1], "VALID").add(bias.reshape([1, -1, 1, 1])));
        h = lax.reduceWindow(h, np.max, [2, 2], [2, 2]);
      } else {
        if (h.ndim > 2) h = h.reshape([h.shape[0], -1]);
        h = np.matmul(h, kernel).add(bias);
        if (!last) h = nn.relu(h);
      }
    }
    if (classes > 1) return nn.logSoftmax(h, -1).mul(nn.oneHot(y, classes)).sum(-1).mean().mul(-1);
    // Cross-entropy of a sigmoid, from its logit.
    const logit = h.reshape([-1]);
    return nn
      .softplus(logit.ref)
      .sub(logit.mul(y.astype(np.float32)))
      .mean();
  };
}

/** One step: [loss, weights, first moments, second moments]. `rate` holds the correction of the bias. */
function stepOf(work) {
  return jit((params, m, v, rate, x, y) => {
    const [loss, gradients] = valueAndGrad(lossOf(work))(
      params.map((p) => p.ref),
      x,
      y,
    );
    const next = { params: [], m: [], v: [] };
    for (const [i, g] of gradients.entries()) {
      const first = m[i].mul(0.9).add(g.ref.mul(0.1));
      const second = v[i].mul(0.999).add(g.ref.mul(g).mul(0.001));
      next.params.push(params[i].sub(first.ref.mul(rate.ref).div(np.sqrt(second.ref).add(1e-7))));
      next.m.push(first);
      next.v.push(second);
    }
    rate.dispose();
    return [loss, next.params, next.m, next.v];
  });
}

function trainer(work) {
  const step = stepOf(work);
  let params = weights(work);
  let m = params.map((p) => np.zeros(p.shape));
  let v = params.map((p) => np.zeros(p.shape));
  let iteration = 0;
  return async (x, y) => {
    iteration++;
    const rate = (0.001 * Math.sqrt(1 - 0.999 ** iteration)) / (1 - 0.9 ** iteration);
    const result = step(params, m, v, np.array(rate), x, y);
    [params, m, v] = result.slice(1);
    return (await result[0].data())[0];
  };
}

/** Batches as arrays of the host, in a new order in each epoch. */
function batches(work) {
  const { x, shape, labels, rows } = samples(work, work.input.length > 1 ? mostRows.images : mostRows.points);
  const size = x.length / rows;
  const channelsFirst = shape.length > 2 ? [shape[3], shape[1], shape[2]] : shape.slice(1);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  function* epoch() {
    const keys = uniform(rows, order[0] + 1);
    order.sort((a, b) => keys[a] - keys[b]);
    for (let at = 0; at < rows; at += work.batch) {
      const chosen = order.subarray(at, at + work.batch);
      const inputs = new Float32Array(chosen.length * size);
      for (const [i, row] of chosen.entries()) inputs.set(x.subarray(row * size, (row + 1) * size), i * size);
      const classes = Int32Array.from(chosen, (row) => labels[row]);
      yield [np.array(inputs).reshape([chosen.length, ...channelsFirst]), np.array(classes)];
    }
  }
  return { epoch, rows };
}

async function training(work) {
  if (!plain(work)) return undefined;
  const step = trainer(work);
  const { epoch, rows } = batches(work);
  const all = async () => {
    for (const [x, y] of epoch()) await step(x, y);
  };
  await warmUp(all);
  return async () => ({ seconds: await timed(all), rows });
}

async function product({ size }) {
  const [a, b] = [1, 2].map((seed) => np.array(uniform(size * size, seed)).reshape([size, size]));
  const multiply = jit((a, b) => np.matmul(a, b));
  const repeat = repeats(size);
  const all = async () => {
    for (let i = 0; i < repeat; i++) await multiply(a.ref, b.ref).data();
  };
  await warmUp(all);
  return async () => (await timed(all)) / repeat;
}

async function startup(work) {
  const [first] = batches(work).epoch();
  const seconds = await timed(() => trainer(work)(...first));
  return async () => imported + seconds;
}

await takePart("jax-js wasm", { train: training, matmul: product, startup });

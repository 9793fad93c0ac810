/** Another program: reads the saved network from its file, and with it a digit from a picture. */
import { argmax, loadModel, type Tensor } from "tendril";
import { prepareDigit, readFileBytes } from "tendril/data";
import { readPng } from "tendril/formats";
import { imageGrid } from "tendril/plot";

export default async function readDigit({
  file = "mnist_keras_model.h5",
  drawing = "examples/your_own_digit.png",
} = {}) {
  const model = await loadModel(file);
  const { image } = prepareDigit(readPng(await readFileBytes(drawing)), { name: drawing });
  const x = { data: image, shape: [1, 28, 28, 1], divisor: 255 };
  const probabilities = (await model.predict(x, { verbose: 0 })) as Tensor;
  const digit = Number(await argmax(probabilities, -1).item());
  const picture = imageGrid([{ pixels: image, width: 28, height: 28, caption: `read as ${digit}` }]);
  return { digit, probabilities: await probabilities.data(), picture };
}

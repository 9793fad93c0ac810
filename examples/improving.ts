/** Exercise 2d, a better net: more filters, dropout, and digits that are turned, moved and stretched while training. */
import {
  Conv2D,
  Dense,
  Dropout,
  EarlyStopping,
  Flatten,
  Input,
  MaxPooling2D,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  Sequential,
} from "tendril";
import { type ImageDataset, mnist } from "tendril/data";
import { curves } from "tendril/plot";

export default async function improving({
  dataset = undefined as ImageDataset | undefined,
  epochs = 15,
  augment = true,
  seed = 1,
} = {}) {
  const { train, test } = dataset ?? (await mnist());
  const xTrain = { data: train.images, shape: [train.labels.length, 28, 28, 1], divisor: 255 };
  const xTest = { data: test.images, shape: [test.labels.length, 28, 28, 1], divisor: 255 };
  // Layers of augmentation do nothing when the model is used: they can stay in the saved file.
  const augmentation = [
    new RandomRotation({ factor: 0.03, fillMode: "constant" }),
    new RandomTranslation({ heightFactor: 0.08, widthFactor: 0.08, fillMode: "constant" }),
    new RandomZoom({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "constant" }),
  ];
  const model = new Sequential(
    [
      Input({ shape: [28, 28, 1] }),
      ...(augment ? augmentation : []),
      new Conv2D({ filters: 32, kernelSize: 3, activation: "relu" }),
      new MaxPooling2D(),
      new Conv2D({ filters: 64, kernelSize: 3, activation: "relu" }),
      new MaxPooling2D(),
      new Flatten(),
      new Dense({ units: 64, activation: "relu" }),
      new Dropout({ rate: 0.3 }),
      new Dense({ units: 10, activation: "softmax" }),
    ],
    { seed },
  );
  model.compile({ loss: "sparseCategoricalCrossentropy", optimizer: "adam", metrics: ["accuracy"] });
  const { history, epoch } = await model.fit(xTrain, train.labels, {
    ...{ batchSize: 200, epochs, validationSplit: 0.1, seed, verbose: 0 },
    callbacks: [new EarlyStopping({ patience: 4, restoreBestWeights: true })],
  });
  const [, accuracy] = await model.evaluate(xTest, test.labels, { batchSize: 500, verbose: 0 });
  const picture = curves(history, { title: "A better net" });
  return { parameters: model.countParams(), epochs: epoch.length, accuracy, picture };
}

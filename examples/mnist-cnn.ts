/** The course's exercise, line for line: a convolutional network learns handwritten digits. */
import {
  Conv2D,
  Dense,
  EarlyStopping,
  Flatten,
  Input,
  MaxPooling2D,
  ModelCheckpoint,
  oneHot,
  Sequential,
} from "tendril";
import { type ImageDataset, mnist } from "tendril/data";
import { curves } from "tendril/plot";

export default async function mnistCnn({
  dataset = undefined as ImageDataset | undefined,
  file = "mnist_keras_model.h5",
  epochs = 50,
  verbose = 1 as 0 | 1,
} = {}) {
  const { train, test } = dataset ?? (await mnist());
  // Bytes stay bytes; the division by 255 is part of the training step.
  const xTrain = { data: train.images, shape: [train.labels.length, 28, 28, 1], divisor: 255 };
  const xTest = { data: test.images, shape: [test.labels.length, 28, 28, 1], divisor: 255 };
  const yTrain = oneHot(train.labels, 10);
  const yTest = oneHot(test.labels, 10);

  const model = new Sequential();
  model.add(Input({ shape: [28, 28, 1] }));
  model.add(new Conv2D({ filters: 8, kernelSize: [3, 3], activation: "relu" }));
  model.add(new MaxPooling2D({ poolSize: [2, 2] }));
  model.add(new Flatten());
  model.add(new Dense({ units: 16, activation: "relu" }));
  model.add(new Dense({ units: 10, activation: "softmax" }));
  const summary = model.summary();

  model.compile({ loss: "categoricalCrossentropy", optimizer: "adam", metrics: ["accuracy"] });
  const checkpoint = new ModelCheckpoint({ filepath: file, saveBestOnly: true, verbose });
  const earlyStopping = new EarlyStopping({ patience: 2 });
  const { history } = await model.fit(xTrain, yTrain, {
    batchSize: 200,
    epochs,
    validationSplit: 0.5,
    callbacks: [checkpoint, earlyStopping],
    verbose,
  });

  const [loss, accuracy] = await model.evaluate(xTest, yTest, { verbose: 0 });
  return { summary, file, loss, accuracy, picture: curves(history, { title: "Handwritten digits" }) };
}

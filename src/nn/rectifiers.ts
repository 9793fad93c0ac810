/** Rectifiers with parameters: layers of their own, and what may be given for the activation of another layer. */
import { optional, orNull, readNumber } from "./fields.ts";
import type { Spec, SpecKind } from "./specs.ts";

/** The options of the layers, by Keras's class names. */
export const rectifiers = {
  LeakyReLU: { negativeSlope: optional<number>(0.3, readNumber(0), (v) => v, ["alpha"]) },
  ReLU: {
    maxValue: optional<number | null>(null, orNull(readNumber(0))),
    negativeSlope: optional<number>(0, readNumber(0)),
    threshold: optional<number>(0, readNumber(0)),
  },
  ELU: { alpha: optional<number>(1, readNumber()) },
} as const;

/** One of them as plain data: `{ type: "LeakyReLU", negativeSlope: 0.2 }`. */
export interface RectifierSpec extends Spec {
  readonly type: keyof typeof rectifiers;
}

export const rectifierKind: SpecKind = {
  what: "activation layer",
  module: "keras.layers",
  types: new Map(Object.entries(rectifiers).map(([type, fields]) => [type, { fields }])),
  aliases: {},
};

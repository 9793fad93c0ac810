/** Seeded pictures of digits on paper, for the tests of prepareDigit: what a camera or a drawing program might give. */
import { Stream } from "../../src/data/digits/random.ts";
import type { Pixels } from "../../src/data/image/pixels.ts";

export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Side of the 28×28 picture on the paper, in pixels, and its upper left corner. */
  readonly size: number;
  readonly at: readonly [x: number, y: number];
  /** How much of the light the ink takes away, red green blue. */
  readonly ink: readonly [number, number, number];
  readonly paper: readonly [number, number, number];
  /** Light at the right side relative to the left. */
  readonly slope?: number;
  /** Light right of an oblique shadow's edge relative to the left. */
  readonly shadow?: number;
  /** Printed lines: distance, width, darkness; both ways or across only. */
  readonly lines?: { pitch: number; width: number; dark: number; tilt: number; both: boolean };
  /** Width of a dark table at the left and lower rims. */
  readonly table?: number;
  readonly specks?: number;
  readonly noise?: number;
}

/** A picture of `digit` (784 grey levels) in a scene, RGB, 8 bits. */
export function photograph(digit: Uint8Array, scene: Scene, seed: number): Pixels {
  const { width, height, size, at, ink, paper } = scene;
  const r = new Stream(seed, 7, 0);
  // A table of noise, walked through at an odd pace: the camera's grain.
  const grain = Float64Array.from({ length: 4096 }, () => (scene.noise ?? 0.012) * r.bell());
  let walk = r.below(4096);
  const data = new Uint8Array(width * height * 3);
  const specks = Array.from({ length: scene.specks ?? 0 }, () => [r.below(width), r.below(height)] as const);
  const printed = (t: number) => {
    const { pitch, width: w, dark } = scene.lines!;
    const distance = Math.abs((((t % pitch) + pitch) % pitch) - pitch / 2);
    return dark * Math.min(1, Math.max(0, w / 2 + 0.5 - distance));
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const level = bilinear(digit, ((x - at[0]) * 28) / size - 0.5, ((y - at[1]) * 28) / size - 0.5);
      const covered = Math.min(1, Math.max(0, (level - 0.5) * (size / 56) + 0.5));
      let light = 1 + (scene.slope ?? 0) * (x / width - 0.5);
      if (scene.shadow !== undefined && x + 0.4 * y > 0.7 * width) light *= scene.shadow;
      if (scene.lines) {
        const { tilt, both } = scene.lines;
        light *= 1 - Math.max(printed(y + tilt * x), both ? printed(x - tilt * y) : 0);
      }
      if (specks.some(([u, v]) => Math.abs(x - u) < 2 && Math.abs(y - v) < 2)) light *= 0.4;
      const table = scene.table !== undefined && (x < scene.table || y > height - scene.table);
      for (let c = 0; c < 3; c++) {
        const reflected = table ? 0.15 : paper[c]! * (1 - covered * ink[c]!);
        walk = (walk * 1229 + 1) & 4095;
        const value = reflected * light + grain[(walk + x * 7 + y * 13) & 4095]!;
        data[(y * width + x) * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
  return { width, height, channels: 3, depth: 8, data };
}

/** The digit `size` pixels wide on a flat background, one channel: ink 1, background 0. */
export function drawing(digit: Uint8Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      out[y * size + x] = bilinear(digit, ((x + 0.5) * 28) / size - 0.5, ((y + 0.5) * 28) / size - 0.5);
    }
  }
  return out;
}

function bilinear(image: Uint8Array, x: number, y: number): number {
  const value = (u: number, v: number) => (u < 0 || v < 0 || u > 27 || v > 27 ? 0 : image[v * 28 + u]! / 255);
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const top = value(x0, y0) * (1 - fx) + value(x0 + 1, y0) * fx;
  return top * (1 - fy) + (value(x0, y0 + 1) * (1 - fx) + value(x0 + 1, y0 + 1) * fx) * fy;
}

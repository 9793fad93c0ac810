/**
 * Events of a transition-radiation detector: did a particle go straight through, or did it collide with a nucleus of the
 * detector and break into others? A toy. It has what makes the real question hard (hits with noise among them, finite
 * resolution, tracks too close to be told apart, energy loss with a long tail), and no magnetic field, material or chamber is
 * modelled; its numbers are plausible, not those of any experiment.
 *
 * - Six layers, `LAYER_GAP` cm apart, seen in a window around the track. A particle crosses them at some angle.
 * - In half of the events it collides behind layer 1 … 4 and 2 to 4 secondaries go on from there, each with a direction
 *   of its own and slower, so they lose more energy.
 * - Energy loss in a layer is gamma distributed. Some of the particles are electrons, which emit transition radiation: in
 *   each layer a photon may be absorbed, with exponentially distributed energy.
 * - A layer misses some hits; hits closer than a pad become one; noise hits lie anywhere.
 *
 * Only sums, products and comparisons of random numbers are used (exponential numbers after von Neumann, 1951), so events are
 * the same on every machine.
 */
import { UsageError } from "../../ir/errors.ts";
import { Stream } from "../digits/random.ts";
import { floats, type GraphFields, integers } from "./graphs.ts";

export interface TrdOptions {
  /** Default 3000. */
  events?: number | undefined;
  /** Any whole number; another seed is another set. Default 0. */
  seed?: number | undefined;
  /** Noise hits in an event on average. Default 3.5. */
  noise?: number | undefined;
  /** Probability that a layer sees a particle. Default 0.95. */
  efficiency?: number | undefined;
  /** Part of the particles that are electrons. Default 0.2. */
  electrons?: number | undefined;
  /** Part of the events with a collision. Default 0.5. */
  collisions?: number | undefined;
}

/** Key of the random streams. */
const STREAM = 20;
const LAYERS = 6;
/** Cm. */
const LAYER_GAP = 12;
/** Half the width of the window in cm. */
const WINDOW = 24;
/** Cm, across the wires and along the pads. */
const RESOLUTION = [0.05, 0.6] as const;
/** Hits closer than this are one: cm. */
const PAD = [0.8, 3] as const;
/** Largest slope of a particle, and typical slope of a secondary to it. */
const SLOPE = { primary: 0.3, secondary: 0.16 };

interface Hit {
  layer: number;
  y: number;
  z: number;
  charge: number;
  /** 0 noise, 1 the particle, 2 … secondaries. */
  origin: number;
}

interface Track {
  readonly y: number;
  readonly z: number;
  readonly slopeY: number;
  readonly slopeZ: number;
  readonly from: number;
  readonly to: number;
  readonly origin: number;
  /** Mean energy loss in a layer; that of a fast particle is 1. */
  readonly loss: number;
  readonly electron: boolean;
}

/**
 * Events as point clouds: `x` float32 [hits, 4] is the layer (0 to 1), both positions in the layer (in tenths of a metre) and the
 * charge; `pos` float32 [hits, 3] the place in cm; `y` 1 for an event with a collision; `origin` int32 [hits] is the truth about
 * each hit: 0 noise, 1 the particle, 2 and more secondaries.
 *
 * @throws UsageError for options that make no sense.
 */
export function trdEvents(options: TrdOptions = {}): GraphFields[] {
  const { events = 3000, noise = 3.5, efficiency = 0.95, electrons = 0.2, collisions = 0.5 } = options;
  check("events", events, Number.isSafeInteger(events) && events >= 0, "a whole number of 0 or more");
  check("noise", noise, noise >= 0 && noise <= 1000, "0 … 1000");
  for (const [name, part] of Object.entries({ efficiency, electrons, collisions })) {
    check(name, part, part >= 0 && part <= 1, "0 … 1");
  }
  const all = { noise, efficiency, electrons, collisions };
  return Array.from({ length: events }, (_, i) => event(new Stream(options.seed ?? 0, STREAM, i), all));
}

function event(
  random: Stream,
  options: { noise: number; efficiency: number; electrons: number; collisions: number },
): GraphFields {
  const electron = random.chance(options.electrons);
  const collides = random.chance(options.collisions);
  const behind = collides ? random.below(LAYERS - 2) : LAYERS - 1;
  const slope = (most: number) => random.between(-most, most);
  const particle: Track = {
    ...{
      y: random.between(-3, 3),
      z: random.between(-3, 3),
      from: 0,
      to: behind,
      origin: 1,
      loss: 1,
      electron,
    },
    ...{ slopeY: slope(SLOPE.primary), slopeZ: slope(SLOPE.primary) },
  };
  const hits = tracked(particle, random, options.efficiency);
  const secondaries = collides ? 2 + random.below(3) : 0;
  for (let s = 0; s < secondaries; s++) {
    const track: Track = {
      ...{
        from: behind + 1,
        to: LAYERS - 1,
        origin: 2 + s,
        loss: 1 + 0.5 * exponential(random),
        electron: false,
      },
      slopeY: particle.slopeY + SLOPE.secondary * random.bell(),
      slopeZ: particle.slopeZ + SLOPE.secondary * random.bell(),
      // Where the particle was half a gap behind the layer.
      y: particle.y + particle.slopeY * (behind + 0.5) * LAYER_GAP,
      z: particle.z + particle.slopeZ * (behind + 0.5) * LAYER_GAP,
    };
    hits.push(...tracked(track, random, options.efficiency));
  }
  for (let waited = exponential(random); waited < options.noise; waited += exponential(random)) {
    const [y, z] = [random.between(-WINDOW, WINDOW), random.between(-WINDOW, WINDOW)];
    hits.push({ layer: random.below(LAYERS), y, z, charge: 0.8 * exponential(random), origin: 0 });
  }
  const seen = merged(hits);
  return {
    x: floats(
      seen.flatMap((h) => [h.layer / (LAYERS - 1), h.y / 10, h.z / 10, h.charge]),
      [seen.length, 4],
    ),
    y: integers([Number(collides)]),
    pos: floats(
      seen.flatMap((h) => [h.layer * LAYER_GAP, h.y, h.z]),
      [seen.length, 3],
    ),
    origin: integers(seen.map((h) => h.origin)),
  };
}

/** The hits of a particle inside the window. */
function tracked(track: Track, random: Stream, efficiency: number): Hit[] {
  const hits: Hit[] = [];
  for (let layer = track.from; layer <= track.to; layer++) {
    // A secondary starts half a gap before the first layer that it meets.
    const way = (track.from === 0 ? layer : layer - track.from + 0.5) * LAYER_GAP;
    const y = track.y + track.slopeY * way + RESOLUTION[0] * random.bell();
    const z = track.z + track.slopeZ * way + RESOLUTION[1] * random.bell();
    const photon = track.electron && random.chance(0.4) ? 1.5 * exponential(random) : 0;
    const charge = track.loss * gamma(random) + photon;
    const inside = Math.abs(y) < WINDOW && Math.abs(z) < WINDOW;
    if (random.chance(efficiency) && inside) hits.push({ layer, y, z, charge, origin: track.origin });
  }
  return hits;
}

/** Hits by layer and place, those that are too close as one where most of the charge is. */
function merged(hits: readonly Hit[]): Hit[] {
  const seen: Hit[] = [];
  for (const hit of hits) {
    const near = seen.find(
      (h) => h.layer === hit.layer && Math.abs(h.y - hit.y) < PAD[0] && Math.abs(h.z - hit.z) < PAD[1],
    );
    if (near === undefined) {
      seen.push({ ...hit });
      continue;
    }
    const part = hit.charge / (near.charge + hit.charge);
    near.y += part * (hit.y - near.y);
    near.z += part * (hit.z - near.z);
    near.charge += hit.charge;
    if (near.origin === 0) near.origin = hit.origin;
  }
  return seen.sort((a, b) => a.layer - b.layer || a.y - b.y);
}

/** Exponentially distributed with mean 1, by comparing uniform numbers: they fall for an odd while, or another one is spent. */
function exponential(random: Stream): number {
  for (let whole = 0; ; whole++) {
    const first = random.unit();
    let before = first;
    for (let falls = 1; ; falls++) {
      const next = random.unit();
      if (next < before) {
        before = next;
        continue;
      }
      if (falls % 2 === 1) return whole + first;
      break;
    }
  }
}

/** Gamma distributed with shape 3 and mean 1. */
function gamma(random: Stream): number {
  return (exponential(random) + exponential(random) + exponential(random)) / 3;
}

function check(name: string, value: number, ok: boolean, expected: string): void {
  if (ok) return;
  throw new UsageError({
    where: `trdEvents({ ${name} })`,
    problem: "the option does not make sense",
    expected,
    got: String(value),
    try: `leave ${name} out to get its default`,
  });
}

/** From numbers to places along an axis: domains, round ticks, and how ticks are written. */
import { UsageError } from "../ir/errors.ts";
import type { Axis, Numbers } from "./figure.ts";

export type Domain = readonly [number, number];

/** A mark on an axis; a text of "" draws the line alone. */
export interface Tick {
  value: number;
  text: string;
}

/** Numbers beyond this are left out of a domain: their differences would overflow. */
const huge = 1e150;

/** Smallest and largest finite value of any of the arrays (positive ones only where `log`); null where there are none. */
export function extentOf(arrays: readonly Numbers[], log = false): Domain | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) {
      const value = array[i]!;
      if (!drawable(value, log)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

/** Whether a value has a place on an axis. */
export const drawable = (value: number, log = false): boolean =>
  Math.abs(value) < huge && (!log || value > 1e-300);

/** Joins two extents. */
export const join = (a: Domain | null, b: Domain | null): Domain | null =>
  a && b ? [Math.min(a[0], b[0]), Math.max(a[1], b[1])] : (a ?? b);

/** The domain that an axis shows, given the extent of its data and how many ticks there is room for. */
export function domainOf(axis: Axis, extent: Domain | null, ticks: number): Domain {
  if (axis.domain) return checked(axis);
  if (axis.categories) return [-0.5, Math.max(1, axis.categories.length) - 0.5];
  if (axis.type === "log") return logDomain(extent);
  let [low, high] = extent ?? [0, 1];
  if (axis.zero) {
    low = Math.min(low, 0);
    high = Math.max(high, 0);
  }
  if (high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high)) || high - low < 1e-290) {
    const room = Math.max(Math.abs(low) * 0.1, low === 0 ? 1 : 0);
    low -= room || 0.5;
    high += room || 0.5;
  }
  const pad = (axis.pad ?? 0) * (high - low);
  if (!(axis.zero && low === 0)) low -= pad;
  if (!(axis.zero && high === 0)) high += pad;
  return axis.nice ? rounded([low, high], ticks, axis.integer) : [low, high];
}

/** The domain widened to whole steps; as a wider domain may take wider steps, until both fit each other. */
function rounded([low, high]: Domain, ticks: number, integer = false): Domain {
  let domain: Domain = [low, high];
  for (let round = 0; round < 4; round++) {
    const step = stepOf(domain[0], domain[1], ticks, integer);
    const wider: Domain = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
    if (wider[0] === domain[0] && wider[1] === domain[1]) break;
    domain = wider;
  }
  return domain;
}

function checked(axis: Axis): Domain {
  const [low, high] = axis.domain!;
  if (drawable(low, axis.type === "log") && drawable(high) && low < high) return [low, high];
  throw new UsageError({
    where: "plot.axis",
    problem: "the domain of an axis is not one",
    expected: axis.type === "log" ? "two positive numbers, the lower first" : "two numbers, the lower first",
    got: `[${low}, ${high}]`,
    try: "leave the domain out to take that of the data",
  });
}

function logDomain(extent: Domain | null): Domain {
  const [low, high] = extent ?? [1, 10];
  if (high / low < 1.05) return [low / 2, high * 2];
  const room = (high / low) ** 0.04;
  return [low / room, high * room];
}

/** A round step (1, 2 or 5 times a power of ten) that gives about `count` ticks. */
export function stepOf(low: number, high: number, count: number, integer = false): number {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / power;
  const step = power * (ratio < Math.SQRT2 ? 1 : ratio < Math.sqrt(10) ? 2 : ratio < Math.sqrt(50) ? 5 : 10);
  return integer ? Math.max(1, Math.round(step)) : step;
}

/** About `count` ticks of an axis over its domain. */
export function ticksOf(axis: Axis, domain: Domain, count: number): Tick[] {
  if (axis.ticks === false) return [];
  if (axis.categories) return axis.categories.map((text, value) => ({ value, text }));
  if (axis.type === "log") return logTicks(domain, count);
  const step = stepOf(domain[0], domain[1], count, axis.integer);
  const first = Math.ceil(domain[0] / step - 1e-9);
  const last = Math.floor(domain[1] / step + 1e-9);
  const write = writer(domain, step, axis.percent);
  const ticks: Tick[] = [];
  for (let i = first; i <= last && ticks.length < 200; i++)
    ticks.push({ value: i * step, text: write(i * step) });
  return ticks;
}

/** Powers of ten, with 2 and 5 between them where there is room; only every so many where there is none. */
function logTicks([low, high]: Domain, count: number): Tick[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const decades = Math.log10(high / low);
  const every = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const named = decades < 1 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < count / 3 ? [1, 2, 5] : [1];
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power++) {
    for (let digit = 1; digit <= 9; digit++) {
      const value = digit * 10 ** power;
      if (value < low || value > high) continue;
      const shown = named.includes(digit) && power % every === 0;
      if (shown || (decades < 8 && every === 1))
        ticks.push({ value, text: shown ? plain(value, digit, power) : "" });
    }
  }
  return ticks;
}

const plain = (value: number, digit: number, power: number): string => {
  if (power >= -3 && power <= 4) return grouped(value.toFixed(Math.max(0, -power)));
  return digit === 1 ? `10${superscript(power)}` : `${digit}×10${superscript(power)}`;
};

/** How the ticks of one axis are written: all with the same decimals, or all with the same power of ten. */
function writer([low, high]: Domain, step: number, percent = false): (value: number) => string {
  const scale = percent ? 100 : 1;
  const size = Math.max(Math.abs(low), Math.abs(high)) * scale;
  const unit = Math.floor(Math.log10(step * scale) + 1e-9);
  const power = Math.floor(Math.log10(size) + 1e-9);
  if (!percent && (power >= 6 || power < -3)) {
    const digits = Math.min(12, Math.max(0, power - unit));
    return (value) =>
      Math.abs(value) < step / 2
        ? "0"
        : `${minus((value / 10 ** power).toFixed(digits))}×10${superscript(power)}`;
  }
  const digits = Math.min(12, Math.max(0, -unit));
  return (value) => {
    const shown = Math.abs(value) < step / 2 ? 0 : value * scale;
    return grouped(minus(shown.toFixed(digits))) + (percent ? " %" : "");
  };
}

/** A number for people, with so many significant digits: 0.0925, 12,300, 1.2×10⁻⁷, ∞. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(value)));
  if (power >= 9 || power < -4) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return minus(`${Number(mantissa)}×10${superscript(Number(exponent))}`);
  }
  return grouped(minus(String(Number(value.toFixed(Math.max(0, digits - 1 - power))))));
}

/** A share of one for people: 97.43 %. */
export const formatPercent = (share: number, digits = 2): string =>
  Number.isFinite(share) ? `${minus((share * 100).toFixed(digits))} %` : "–";

const minus = (text: string) => text.replace("-", "−");

/** 12345.5 as 12,345.5; four digits stay as they are. */
function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const digits = whole.replace(/^\D/, "");
  if (digits.length < 5) return text;
  const parts = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

const superscript = (power: number) =>
  String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]!));

/** The place of a value along an axis of `length` pixels from its low end; values far outside stay near enough to draw. */
export function placer(axis: Axis, domain: Domain, length: number): (value: number) => number {
  const log = axis.type === "log";
  const low = log ? Math.log(domain[0]) : domain[0];
  const span = (log ? Math.log(domain[1]) : domain[1]) - low;
  return (value) => {
    if (!drawable(value, log)) return Number.NaN;
    const t = ((log ? Math.log(value) : value) - low) / span;
    return Math.min(1e4, Math.max(-1e4, axis.reverse ? 1 - t : t)) * length;
  };
}

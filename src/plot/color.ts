/** Colours: the palette of categories, the maps from numbers, and mixing. */
import { UsageError } from "../ir/errors.ts";
import type { Color, ColorMapName, ColorScale } from "./figure.ts";

export type Rgb = readonly [number, number, number];

/**
 * Colours of series and classes, safe for colour-blind eyes: Okabe and Ito, "Color Universal Design" (2008), without
 * black; the yellow, too pale for lines on white, comes last. After eight they come again.
 */
export const palette: readonly Color[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#6e7781",
  "#c9b800",
];

/** The colour of series or class number `i`. */
export const categoryColor = (i: number): Color =>
  palette[((Math.trunc(i) % palette.length) + palette.length) % palette.length] ?? palette[0]!;

/**
 * Colours at equal steps from the lowest to the highest value, blended linearly in between. `viridis` is Matplotlib's
 * (van der Walt and Smith); `blues`, `reds` and `blueRed` are ColorBrewer's (Brewer); `ink` is black on white.
 */
export const colorMaps: { readonly [K in ColorMapName]: readonly Color[] } = {
  grey: ["#000000", "#ffffff"],
  ink: ["#ffffff", "#000000"],
  viridis: [
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
  ],
  blues: ["#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b"],
  reds: ["#fff5f0", "#fee0d2", "#fcbba1", "#fc9272", "#fb6a4a", "#ef3b2c", "#cb181d", "#a50f15", "#67000d"],
  blueRed: [
    "#053061",
    "#2166ac",
    "#4393c3",
    "#92c5de",
    "#d1e5f0",
    "#f7f7f7",
    "#fddbc7",
    "#f4a582",
    "#d6604d",
    "#b2182b",
    "#67001f",
  ],
};

/** Red, green and blue in 0–255. Throws `UsageError` for anything but `#rrggbb`. */
export function rgb(color: Color): Rgb {
  if (!/^#[0-9a-f]{6}$/i.test(color)) {
    throw new UsageError({
      where: "plot.color",
      problem: "not a colour",
      expected: "#rrggbb",
      got: color.slice(0, 40),
      try: "write the colour as six hexadecimal digits, for example #0072b2",
    });
  }
  const n = Number.parseInt(color.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

/** `#rrggbb` of red, green and blue. */
export const hex = (color: Rgb): Color =>
  `#${color
    .map((c) =>
      Math.round(Math.min(255, Math.max(0, c)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

/** The way from one colour (t = 0) to another (t = 1). */
export const blend = (from: Rgb, to: Rgb, t: number): Rgb => [
  from[0] + (to[0] - from[0]) * t,
  from[1] + (to[1] - from[1]) * t,
  from[2] + (to[2] - from[2]) * t,
];

/** A function from numbers to colours. Values beyond the domain take the end colours; NaN gives `missing`. */
export function colorOf(scale: ColorScale, missing: Color): (value: number) => Rgb {
  const stops = colorMaps[scale.map].map(rgb);
  const absent = rgb(missing);
  const [low, high] = scale.domain;
  const middle = high === low;
  return (value) => {
    if (Number.isNaN(value)) return absent;
    const t = middle ? 0.5 : Math.min(1, Math.max(0, (value - low) / (high - low)));
    const at = t * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(at));
    return blend(stops[i]!, stops[i + 1]!, at - i);
  };
}

/** Whether white words are easier to read on this colour than dark ones (relative luminance, WCAG 2.1). */
export function isDark(color: Rgb): boolean {
  const [r, g, b] = color.map((c) => {
    const s = c / 255;
    return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.28;
}

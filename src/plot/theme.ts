/** What every panel looks like: dark ink on white, thin grids, sizes that a slide can show at twice the size. */
export const theme = {
  background: "#ffffff",
  ink: "#1f2328",
  muted: "#59636e",
  axis: "#8b949e",
  grid: "#e7eaee",
  missing: "#c9ced4",
  good: "#00714f",
  bad: "#b8440a",
  /** Inter is in the PNGs; the others are for pages that do not have it. */
  fontFamily: 'Inter, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif',
  titleSize: 16,
  subtitleSize: 12.5,
  labelSize: 12.5,
  tickSize: 11.5,
  legendSize: 12,
  noteSize: 11,
  /** Line height over font size. */
  leading: 1.35,
} as const;

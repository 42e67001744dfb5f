import type { Scorecard } from './scorecard.ts';

/** Written by bench/detection/fit-falls.ts from recordings; what each feature means stands in motion-features.ts. */
export const fallScorecard: Scorecard = {
  base: {
    limb: { narrow: -0.65, wide: -1.22 },
    trunk: { narrow: 0.5, wide: -0.13 },
  },
  points: {
    // biome-ignore format: a table
    peakG: [[1.8, -0.62], [1.9, -0.41], [2, -0.05], [2.2, 0.22], [Infinity, 0.37]],
    // biome-ignore format: a table
    dipGs: [[0.018, -0.9], [0.038, -0.38], [0.064, -0.15], [Infinity, 0.16]],
    // biome-ignore format: a table
    jerkG: [
      [0.7, -2.53], [0.86, -1.79], [1, -1.57], [1.2, -1.1], [1.4, -0.56], [1.8, -0.3],
      [2.2, 0.02], [2.4, 0.27], [2.8, 0.45], [Infinity, 0.84],
    ],
    // biome-ignore format: a table
    effortGs: [
      [0.18, -1.4], [0.28, -1.26], [0.3, -1.06], [0.36, -0.9], [0.39, -0.72], [0.43, 0.12],
      [0.47, 0.28], [Infinity, 0.35],
    ],
    // biome-ignore format: a table
    contrast: [[1.6, -1.61], [2.1, -0.77], [2.8, 0.04], [4.7, 0.88], [Infinity, 1.16]],
    // biome-ignore format: a table
    contrastAfter: [[3.9, -0.24], [5.5, 0.17], [Infinity, 0.45]],
    // biome-ignore format: a table
    rivals: [[1, 0.4], [2, -0.11], [3, -0.24], [4, -0.42], [5, -2.05], [Infinity, -2.11]],
    // biome-ignore format: a table
    tiltDegrees: [[19, -2], [30, -1], [49, -0.33], [69, 0.29], [Infinity, 0.98]],
    // biome-ignore format: a table
    tiltLateDegrees: [
      [9.8, -1.23], [14, -0.84], [24, -0.28], [65, 0.53], [87, 0.63], [100, 0.7],
      [Infinity, 1.29],
    ],
    // biome-ignore format: a table
    swingDegrees: [
      [18, -1.5], [26, -0.48], [38, -0.27], [54, 0], [71, 0.15], [89, 0.28],
      [Infinity, 1.16],
    ],
    // biome-ignore format: a table
    turnDegrees: [[59, -1.41], [88, -1.33], [110, -0.67], [130, -0.1], [Infinity, 0.14]],
    // biome-ignore format: a table
    restG: [[0.034, 0.27], [0.06, -0.02], [0.093, -0.14], [Infinity, -0.38]],
    // biome-ignore format: a table
    restAfterSeconds: [[1.2, 0.33], [1.7, -0.12], [4.4, -0.51], [Infinity, -1.87]],
  },
};

/** Degrees of latitude and longitude. */
export type Position = { lat: number; lon: number };

/**
 * From the shifted grid of Chinese maps (GCJ-02) to WGS-84, by solving the forward shift; within 1 cm. Outside the rectangle
 * in which GCJ-02 is defined the two are the same.
 * Source: googollee/eviltransform, whose constants are those that map providers are known to use; its test points are ours.
 */
export function gcj02ToWgs84(gcj: Position): Position {
  let wgs = gcj;
  // Neighbouring shifts differ by less than a hundredth of their distance: so does what each round leaves of a first 1 km.
  for (let round = 0; round < 5; round++) {
    const shifted = wgs84ToGcj02(wgs);
    wgs = { lat: wgs.lat + gcj.lat - shifted.lat, lon: wgs.lon + gcj.lon - shifted.lon };
  }
  return wgs;
}

/** From WGS-84 to the shifted grid of Chinese maps. Degrees. */
export function wgs84ToGcj02({ lat, lon }: Position): Position {
  if (!isInChina({ lat, lon })) return { lat, lon };
  const shift = shiftMetres(lon - 105, lat - 35);
  const radians = (lat * Math.PI) / 180;
  const curvature = 1 - eccentricitySquared * Math.sin(radians) ** 2;
  const metresPerRadianNorth = (semiMajorAxisM * (1 - eccentricitySquared)) / curvature ** 1.5;
  const metresPerRadianEast = (semiMajorAxisM / Math.sqrt(curvature)) * Math.cos(radians);
  return {
    lat: lat + ((shift.north / metresPerRadianNorth) * 180) / Math.PI,
    lon: lon + ((shift.east / metresPerRadianEast) * 180) / Math.PI,
  };
}

/** The rectangle in which map providers shift; it is coarse, and reaches beyond every border. */
function isInChina({ lat, lon }: Position): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

/** Krasovsky 1940. */
const semiMajorAxisM = 6_378_245;
const eccentricitySquared = 0.006693421622965943;

/** Metres, from degrees east of 105 and north of 35. */
function shiftMetres(x: number, y: number): { north: number; east: number } {
  const wave = (amplitude: number, position: number) => amplitude * Math.sin(position * Math.PI);
  const both = wave(20, 6 * x) + wave(20, 2 * x);
  const north = both + wave(20, y) + wave(40, y / 3) + wave(160, y / 12) + wave(320, y / 30);
  const east = both + wave(20, x) + wave(40, x / 3) + wave(150, x / 12) + wave(300, x / 30);
  const root = Math.sqrt(Math.abs(x));
  return {
    north: (north * 2) / 3 - 100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root,
    east: (east * 2) / 3 + 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root,
  };
}

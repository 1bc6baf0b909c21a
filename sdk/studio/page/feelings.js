// Feelings as the page holds them: a strength 0..1 for each of Plutchik's eight. What is neutral has none.
//
// As an affect of the SDK the strongest is the intensity, and their ratios are the mixture.

export const WHEEL = ["joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"];
export const COLOURS = {
  neutral: "#8b95a5", joy: "#eab308", trust: "#84b83a", fear: "#1f9464", surprise: "#2aa5c0", sadness: "#4377cf",
  disgust: "#8a5cc0", anger: "#dd4a3c", anticipation: "#ee8a2e",
};
/** Valence and arousal of each at full strength, and Plutchik's words; from the studio, see main.js. */
export const facts = { anchors: {}, words: {} };

export function affectOf(strengths) {
  const felt = WHEEL.filter((name) => strengths[name] > 0);
  if (!felt.length) return null;
  const sum = felt.reduce((total, name) => total + strengths[name], 0);
  const weights = Object.fromEntries(felt.map((name) => [name, strengths[name] / sum]));
  return { weights, intensity: Math.max(...felt.map((name) => strengths[name])) };
}

export function strengthsOf({ weights, intensity }) {
  const most = Math.max(...WHEEL.map((name) => weights[name] ?? 0));
  if (most <= 0) return {};
  const strengths = {};
  for (const name of WHEEL) {
    const share = ((weights[name] ?? 0) / most) * intensity;
    if (share > 0.005) strengths[name] = Math.min(Number(share.toFixed(3)), 1);
  }
  return strengths;
}

export function pointOf(strengths) {
  const affect = affectOf(strengths);
  if (!affect) return [0, 0];
  const point = [0, 0];
  for (const [name, weight] of Object.entries(affect.weights)) {
    const anchor = facts.anchors[name] ?? [0, 0];
    point[0] += weight * anchor[0] * affect.intensity;
    point[1] += weight * anchor[1] * affect.intensity;
  }
  return point;
}

/** The word for a feeling of that strength, such as "serenity" for a little joy. */
export function wordOf(name, strength) {
  const words = facts.words[name] ?? [name, name, name];
  return words[strength < 0.45 ? 0 : strength <= 0.85 ? 1 : 2];
}

export function sentenceOf(strengths) {
  const affect = affectOf(strengths);
  if (!affect) return "neutral";
  const parts = Object.entries(affect.weights).sort((a, b) => b[1] - a[1]);
  if (parts.length === 1) return wordOf(parts[0][0], affect.intensity);
  return parts.map(([name, weight]) => `${name} ${Math.round(100 * weight)} %`).join(", ");
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
/** The mixture's colour, grey where little is felt. */
export function colourOf(strengths) {
  const affect = affectOf(strengths);
  const grey = rgb(COLOURS.neutral);
  if (!affect) return COLOURS.neutral;
  const mixed = [0, 0, 0];
  for (const [name, weight] of Object.entries(affect.weights)) rgb(COLOURS[name]).forEach((value, k) => (mixed[k] += weight * value));
  const share = 0.25 + 0.75 * affect.intensity;
  return `rgb(${mixed.map((value, k) => Math.round(grey[k] + share * (value - grey[k]))).join(" ")})`;
}

/** What is felt at a moment of keys that are sorted: between two the models' conditions are blended, as the runtime does. */
export function feltAt(keys, seconds) {
  const after = keys.findIndex((key) => key.seconds > seconds);
  if (after === 0) return keys[0].strengths;
  if (after < 0) return keys[keys.length - 1].strengths;
  const [a, b] = [keys[after - 1], keys[after]];
  const share = (seconds - a.seconds) / (b.seconds - a.seconds);
  const mixed = {};
  for (const [key, part] of [[a, 1 - share], [b, share]]) {
    const affect = affectOf(key.strengths);
    if (affect) for (const [name, weight] of Object.entries(affect.weights)) mixed[name] = (mixed[name] ?? 0) + part * weight * affect.intensity;
  }
  const total = Object.values(mixed).reduce((sum, value) => sum + value, 0);
  return total > 0 ? strengthsOf({ weights: mixed, intensity: Math.min(total, 1) }) : {};
}

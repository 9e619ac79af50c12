/**
 * @file The equations of the two-point theory (docs/theory.md Eq. 93) and the four altered systems that serve as
 * negative controls. Source: van Rossem and Saxe, "When Representations Align" (ICML 2024, arXiv 2402.09142); derived
 * here again. One unit of time is one training step.
 */
import type { OdeSystem } from "../ode/integrate.ts";

/** The constants of the motion of two points. */
export interface TwoPointConstants {
  /** Squared distance of the two inputs. */
  readonly dx2: number;
  /** Squared distance of their two targets. */
  readonly dy2: number;
  /** Effective learning rate of the representation, per step. */
  readonly etaH: number;
  /** Effective learning rate of the layers after the representation, per step. */
  readonly etaY: number;
}

/** The state of two points. */
export interface TwoPointState {
  /** H, squared distance of the two representations. */
  readonly dh2: number;
  /** Y, squared distance of the two outputs. */
  readonly dy2: number;
  /** Y - dy . dy*: negative while the outputs are closer than their targets. */
  readonly w: number;
}

/** The theory, and the altered systems that it is compared with: each of these breaks one term. */
export const twoPointSystems = ["theory", "dy2-doubled", "dh2-doubled", "w-sign-flipped", "dy2-without-etaH"] as const;
export type TwoPointSystem = (typeof twoPointSystems)[number];

/**
 * Right-hand side and Jacobian for the state (H, Y, w)   (docs/theory.md Eq. 93).
 *
 *     dH/dt = -etaH X w
 *     dY/dt = -w (etaY H + etaH X Y / H)
 *     dw/dt = -etaY (3 w - Y + Y*) H / 2 - etaH X (Y + w) w / (2 H)
 *
 * with X = dx2 and Y* = dy2 of the constants. H = 0 has no derivative.
 */
export function twoPointEquations(constants: TwoPointConstants, system: TwoPointSystem = "theory"): OdeSystem {
  const [a, b] = [constants.etaH * constants.dx2, constants.etaY];
  const target = constants.dy2;
  const h = system === "dh2-doubled" ? 2 : 1;
  const y = system === "dy2-doubled" ? 2 : 1;
  const e = system === "dy2-without-etaH" ? 0 : 1;
  const s = system === "w-sign-flipped" ? -1 : 1;
  return {
    autonomous: true,
    derivative(_t, z, out) {
      const [H, Y, w] = [z[0]!, z[1]!, z[2]!];
      out[0] = -h * a * w;
      out[1] = -y * w * (b * H + (e * a * Y) / H);
      out[2] = -0.5 * b * (3 * w - Y + target) * H - (0.5 * s * a * (Y + w) * w) / H;
    },
    jacobian(_t, z, out) {
      const [H, Y, w] = [z[0]!, z[1]!, z[2]!];
      out[0] = 0;
      out[1] = 0;
      out[2] = -h * a;
      out[3] = -y * w * (b - (e * a * Y) / (H * H));
      out[4] = (-y * w * e * a) / H;
      out[5] = -y * (b * H + (e * a * Y) / H);
      out[6] = -0.5 * b * (3 * w - Y + target) + (0.5 * s * a * (Y + w) * w) / (H * H);
      out[7] = 0.5 * b * H - (0.5 * s * a * w) / H;
      out[8] = -1.5 * b * H - (0.5 * s * a * (Y + 2 * w)) / H;
    },
  };
}

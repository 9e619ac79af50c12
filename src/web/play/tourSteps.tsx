/**
 * @file The guided tour: each step names what to look at, offers something to do, and knows when it was done. A test
 * checks the tour's predictions with these very numbers (test/web/playDefaults.test.ts).
 */
import type { ReactNode } from "react";
import type { Plan } from "./address.ts";
import type { PlayData } from "./playData.ts";
import { leastMedian } from "./relationLines.ts";
import { areCompared, beside, ENOUGH, isOwn, plain } from "./tourPlans.ts";

/** What the steps can make the playground do. */
export interface Hands {
  /** Sets the networks, and starts training from the beginning. */
  readonly play: (plan: Plan) => void;
  readonly run: () => void;
  readonly look: (layer: string) => void;
}

/** What the steps know of the playground. */
export interface Seen {
  readonly a: PlayData | undefined;
  readonly b: PlayData | undefined;
  readonly layer: string;
  /** Whether an entry of a matrix was read during this step. */
  readonly hasRead: boolean;
}

export interface TourStep {
  readonly title: string;
  /** The data-tour attribute of the element that it is about. */
  readonly target: string;
  readonly text: ReactNode;
  readonly action?: { readonly name: string; readonly act: (hands: Hands) => void };
  readonly isDone: (seen: Seen) => boolean;
  /** Shown when it is done. */
  readonly done: ReactNode;
}

export const tourSteps: readonly TourStep[] = [
  {
    title: "A network learns",
    target: "loss",
    text: (
      <>
        A small ReLU network of four linear maps learns a function from examples. Start it and watch the loss fall, on
        the samples of each step and on samples that it never trains on.
      </>
    ),
    action: { name: "Run it", act: ({ play }) => play(plain) },
    isDone: ({ a }) => (a?.step ?? 0) > 20,
    done: "It learns. Everything that follows is measured on the unseen samples during training.",
  },
  {
    title: "H: how neurons vary together",
    target: "heat-b",
    text: (
      <>
        Every linear map takes h<sub>a</sub> to h<sub>b</sub> = W h<sub>a</sub>. H is the second moment of these
        activations over the samples, E[h hᵀ]: red where two neurons vary together, blue where they vary in opposite
        directions. To read entries, move the pointer over H, or press Tab to reach it and use the arrow keys: row 3,
        column 3 is how much neuron 3 varies.
      </>
    ),
    isDone: ({ hasRead }) => hasRead,
    done: "Entries are divided by the mean of the diagonal, so that H, G and Z can be compared.",
  },
  {
    title: "G and Z: gradients and weights",
    target: "heat-b",
    text: (
      <>
        G is the same for gradients, E[g gᵀ] with g = ∂ℓ/∂h: the directions in which the loss pulls. Z comes from the
        weights alone: WᵀW at the map's input, WWᵀ at its output. Nothing forces the three to look alike. Choose another
        layer and compare its H, G and Z by eye.
      </>
    ),
    action: { name: "Look at layers.2", act: ({ look }) => look("layers.2") },
    isDone: ({ layer }) => layer !== "layers.1",
    done: "Before training the three differ. During training they come to show the same pattern, in every hidden layer.",
  },
  {
    title: "Six relations",
    target: "relations",
    text: (
      <>
        The correlation of their entries measures how nearly two matrices are proportional; it is 1 if they are. RGA
        compares H with G, RWA compares H with Z, GWA compares G with Z. At a map's input (side a) and at its output
        (side b), that makes six relations. Dotted lines show chance. Run until all six medians of the hidden layers
        exceed 0.6.
      </>
    ),
    action: { name: "Run from the start", act: ({ play }) => play(plain) },
    isDone: ({ a }) => a !== undefined && (leastMedian(a, "paper") ?? 0) > 0.6,
    done: "All six exceed 0.6: the network satisfies the canonical representation hypothesis better and better.",
  },
  {
    title: "Remove the weight decay",
    target: "decay",
    text: (
      <>
        Why should they align? When training comes to rest, what the gradients add to the weights and what weight decay
        removes are in balance, in every direction. Train a second network beside this one, identical except for
        <code> decay = 0</code>, and compare after {ENOUGH} steps.
      </>
    ),
    action: { name: "Train both", act: ({ play }) => play(beside("decay", "0")) },
    isDone: (seen) => areCompared(seen.a, seen.b, "decay"),
    done: "Both learn, and both begin to align. With decay the relations keep rising; without it they stay lower and fall again.",
  },
  {
    title: "Break it from outside",
    target: "phi",
    text: (
      <>
        Now mix the inputs so that some directions are much larger than others: <code>phi = 0.5</code>, beside{" "}
        <code>phi = 1</code>. Both have the same decay. Watch RGA (the circles) in both.
      </>
    ),
    action: { name: "Train both", act: ({ play }) => play(beside("phi", "0.5")) },
    isDone: (seen) => areCompared(seen.a, seen.b, "phi"),
    done: "With anisotropic inputs H and G do not become proportional; G and Z on side a do. Relations can break one by one; these cases are the phases in the reports of runs.",
  },
  {
    title: "Yours",
    target: "controls",
    text: (
      <>
        You can change every setting. Try a play of your own: tanh, one hidden layer, large initial weights (gain),
        batches of 8. Finished plays are listed below; you can reopen them or draw them behind the current one. The
        address holds the settings, so a copied link shows the same.
      </>
    ),
    isDone: ({ a }) => isOwn(a),
    done: "That is the whole tour.",
  },
];

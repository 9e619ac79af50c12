/**
 * @file The guided tour: each step names what to look at, has something to do, and knows when it was done. What it says
 * will be seen was seen with these very numbers (test/web/playDefaults.test.ts).
 */
import type { ReactNode } from "react";
import type { Plan } from "./address.ts";
import type { PlayData } from "./playData.ts";
import { leastMedian } from "./relationLines.ts";
import { areCompared, beside, ENOUGH, isOwn, plain } from "./tourPlans.ts";

/** What the steps can ask the playground for. */
export interface Hands {
  /** Sets the networks and begins anew, running. */
  readonly play: (plan: Plan) => void;
  readonly run: () => void;
  readonly look: (layer: string) => void;
}

/** What the steps see. */
export interface Seen {
  readonly a: PlayData | undefined;
  readonly b: PlayData | undefined;
  readonly layer: string;
  /** Whether an entry of a matrix was read during this step. */
  readonly hasRead: boolean;
}

export interface TourStep {
  readonly title: string;
  /** Value of data-tour of what it is about. */
  readonly target: string;
  readonly text: ReactNode;
  readonly action?: { readonly name: string; readonly act: (hands: Hands) => void };
  readonly isDone: (seen: Seen) => boolean;
  /** What is said then. */
  readonly done: ReactNode;
}

export const tourSteps: readonly TourStep[] = [
  {
    title: "A network learns",
    target: "loss",
    text: (
      <>
        A small network with ReLU learns a function from examples, four linear maps one behind the other. Start it and
        watch the loss fall: on the samples of each step, and on samples that it never trains on.
      </>
    ),
    action: { name: "Run it", act: ({ play }) => play(plain) },
    isDone: ({ a }) => (a?.step ?? 0) > 20,
    done: "It learns. All that follows is measured on the unseen samples, while it trains.",
  },
  {
    title: "H: what neurons say together",
    target: "heat-b",
    text: (
      <>
        Every linear map reads h<sub>a</sub> and writes h<sub>b</sub> = W h<sub>a</sub>. H is the second moment of such
        activations over the samples, E[h hᵀ]: red where two neurons vary together, blue where they vary against each
        other. Move the pointer over H, or go to it with Tab and use the arrow keys, and read entries: row 3, column 3
        is how much neuron 3 varies.
      </>
    ),
    isDone: ({ hasRead }) => hasRead,
    done: "The numbers are divided by the mean of the diagonal, so that H, G and Z can be compared.",
  },
  {
    title: "G and Z: what the loss wants, what weights hold",
    target: "heat-b",
    text: (
      <>
        G is the same for gradients, E[g gᵀ] with g = ∂ℓ/∂h: in which directions the loss pulls. Z is made of weights
        alone: WᵀW where the map reads, WWᵀ where it writes. The three have no reason to look alike. Choose another
        layer and compare its H, G and Z by eye.
      </>
    ),
    action: { name: "Look at layers.2", act: ({ look }) => look("layers.2") },
    isDone: ({ layer }) => layer !== "layers.1",
    done: "Before training the three differ. As it goes on they come to show one pattern, in every hidden layer.",
  },
  {
    title: "Six relations",
    target: "relations",
    text: (
      <>
        How far two of the matrices are proportional is the correlation of their entries, 1 where they are. H with G is
        RGA, H with Z is RWA, G with Z is GWA; on the side a that a map reads and on the side b that it writes, that
        makes six. Dotted lines are what chance would give. Run until all six medians of the hidden layers have passed
        0.6.
      </>
    ),
    action: { name: "Run from the start", act: ({ play }) => play(plain) },
    isDone: ({ a }) => a !== undefined && (leastMedian(a, "paper") ?? 0) > 0.6,
    done: "All six stand above 0.6: the network satisfies the canonical representation hypothesis better and better.",
  },
  {
    title: "Take the weight decay away",
    target: "decay",
    text: (
      <>
        Why should they align? Where training comes to rest, what the gradients write into weights and what weight decay
        takes away are in balance, in every direction. So train a second network beside this one, the same but for
        <code> decay = 0</code>, and compare after {ENOUGH} steps.
      </>
    ),
    action: { name: "Train both", act: ({ play }) => play(beside("decay", "0")) },
    isDone: (seen) => areCompared(seen.a, seen.b, "decay"),
    done: "Both learn, and both begin to align. With decay the relations go on rising; without it they stay lower, and fall again.",
  },
  {
    title: "Break it from outside",
    target: "phi",
    text: (
      <>
        Now mix the inputs, so that some directions are much larger than others: <code>phi = 0.5</code>, beside{" "}
        <code>phi = 1</code>. Both have the same decay. Watch RGA, the circles, in both.
      </>
    ),
    action: { name: "Train both", act: ({ play }) => play(beside("phi", "0.5")) },
    isDone: (seen) => areCompared(seen.a, seen.b, "phi"),
    done: "With anisotropic inputs H and G do not become proportional; G and Z on side a do. Relations can break one by one: these are the phases that the reports of runs speak of.",
  },
  {
    title: "Yours",
    target: "controls",
    text: (
      <>
        All settings can be changed. Make a play of your own: tanh, one hidden layer, large initial weights (gain),
        batches of 8. Plays that are over are listed below, where they can be opened again and drawn behind the present
        one; the address holds the settings, so a copied link shows the same.
      </>
    ),
    isDone: ({ a }) => isOwn(a),
    done: "That is all there is to it.",
  },
];

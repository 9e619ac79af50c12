import { describe, expect, it } from "vitest";
import { completeRecord, isEarlier } from "../../src/measure/earlierRecords.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { mergeGroups, plantedGroups } from "./plantedLayers.ts";

const groups = plantedGroups({ row: "6", d: 20, samples: 2000, seed: 1 }, 4);
const total = { step: 5, objective: "none", source: "planted", layers: [mergeGroups(groups)] };
const today = await snapshot(total, { groups: groups.map((layer) => ({ ...total, layers: [layer] })) });

/** The record as an earlier version wrote it: no covariances anywhere, plain nulls, no live subspace. */
function earlier(): Snapshot {
  const old = structuredClone(today) as unknown as Record<string, never>;
  for (const layer of (old as unknown as Snapshot).layers as unknown as Record<string, Record<string, unknown>>[]) {
    for (const key of ["alignment", "ranks", "spectra", "exponents", "strongest", "plasticity"])
      delete layer[key]?.covariance;
    delete layer.groups;
    const { label, scores, strong, evidence, paper } = layer.phase as Record<string, unknown>;
    (layer as Record<string, unknown>).phase = { label, scores, strong, evidence, paper };
    const alignment = layer.alignment as Record<string, { a: Record<string, { null: number }> }>;
    alignment.paper!.a.gwa!.null = 0.123;
  }
  return old as unknown as Snapshot;
}

describe("a record of an earlier version", () => {
  it("is told from one of today, which stays as it is", () => {
    expect(isEarlier(earlier())).toBe(true);
    expect(isEarlier(today)).toBe(false);
    expect(completeRecord(today)).toBe(today);
  });

  it("says of covariances that they were not measured", () => {
    const [layer] = completeRecord(earlier()).layers;
    expect(layer!.alignment.covariance.b.rga).toMatchObject({ value: null, status: "not-measured" });
    expect(layer!.exponents!.covariance.b.hz.status).toBe("not-measured");
    expect(layer!.ranks.covariance.b.H.status).toBe("not-measured");
    expect(layer!.phase).toMatchObject({ convention: "raw", differs: [] });
    expect(layer!.phase!.raw.label).toBe(layer!.phase!.label);
  });

  it("has the null of relations that share W as it is made today", () => {
    const [layer, now] = [completeRecord(earlier()).layers[0]!, today.layers[0]!];
    for (const convention of ["paper", "raw"] as const) {
      expect(layer.alignment[convention].a!.gwa.null).toBeCloseTo(now.alignment[convention].a!.gwa.null!, 6);
      expect(layer.alignment[convention].b.rwa.null).toBeCloseTo(now.alignment[convention].b.rwa.null!, 6);
    }
  });
});

/** @file The formats in which runs are exported. */

/** Tables a file each, event files of TensorBoard, one chart of Weights & Biases. */
export const exportFormats = ["parquet", "csv", "tensorboard", "wandb-csv"] as const;

export type ExportFormat = (typeof exportFormats)[number];

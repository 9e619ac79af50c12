/** @file The formats in which runs are exported. */

/** One file per table (parquet, csv), event files of TensorBoard, one chart of Weights & Biases. */
export const exportFormats = ["parquet", "csv", "tensorboard", "wandb-csv"] as const;

export type ExportFormat = (typeof exportFormats)[number];

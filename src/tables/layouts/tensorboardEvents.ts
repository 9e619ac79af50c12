/**
 * @file Event files of TensorBoard: records of TFRecord, each an Event of tensorflow/core/util/event.proto with the
 * fields that scalars need. Values are float32 there (`simple_value`), as those of other programs that write scalars.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { maskedCrc32c } from "./crc32c.ts";

/** A number under a tag. */
export interface Scalar {
  readonly tag: string;
  readonly value: number;
}

/** The numbers of one step. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars: readonly Scalar[];
}

/** Fields of Event, Summary and Summary.Value by their numbers. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const SUMMARY_VALUE = 1;
const VALUE = { tag: 1, simpleValue: 2 } as const;

/** The first record of an event file. @param wallTime seconds since 1970 */
export function fileVersionRecord(wallTime: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(EVENT.wallTime, WireType.Bit64).double(wallTime);
  writer.tag(EVENT.fileVersion, WireType.LengthDelimited).string("brain.Event:2");
  return frame(writer.finish());
}

/** One event as a record. */
export function scalarRecord({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(EVENT.wallTime, WireType.Bit64).double(wallTime);
  if (step !== 0) writer.tag(EVENT.step, WireType.Varint).int64(step); // proto3 omits zeros
  writer.tag(EVENT.summary, WireType.LengthDelimited).fork();
  for (const { tag, value } of scalars) {
    writer.tag(SUMMARY_VALUE, WireType.LengthDelimited).fork();
    writer.tag(VALUE.tag, WireType.LengthDelimited).string(tag);
    writer.tag(VALUE.simpleValue, WireType.Bit32).float(value);
    writer.join();
  }
  writer.join();
  return frame(writer.finish());
}

/** Length as 64 bits, its checksum, the bytes, their checksum; little endian. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc32c(bytes), true);
  return record;
}

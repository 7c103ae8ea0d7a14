/** Whether a file is a whole mp4, by its top-level boxes. */
import type { FileHandle } from "node:fs/promises";

/** What is wrong; "" where they are whole, end with the file, and have `moov` among them. */
export async function fault(file: FileHandle, size: number): Promise<string> {
  const names: string[] = [];
  for (let at = 0; at < size; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, at);
    if (bytesRead < 8) return "the last box is cut";
    const short = buffer.readUInt32BE(0);
    const length = short === 0 ? size - at : short === 1 && bytesRead === 16 ? Number(buffer.readBigUInt64BE(8)) : short;
    if (length < 8 || at + length > size) return "it is no mp4, or its end is missing";
    names.push(buffer.toString("latin1", 4, 8));
    at += length;
  }
  return names.includes("moov") ? "" : "it has no moov, so it is no video";
}

//! Bytes in: files, folders, globs, standard input, decompressed by content, handed out in chunks.

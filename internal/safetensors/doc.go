// Package safetensors reads and writes files of tensors in the safetensors
// layout:
//
//	8 bytes   length n of the header, unsigned, little-endian
//	n bytes   header: JSON, padded with spaces
//	the rest  the tensors, little-endian, row-major, without gaps
//
// The header maps names to {"dtype": "F32", "shape": [2, 3], "data_offsets":
// [begin, end]}, with offsets from the end of the header, and "__metadata__" to
// strings by name.
//
// Files written here have, besides, a checksum among the metadata: "crc32c" is
// the CRC-32C of the whole file, eight hexadecimal digits, computed with zeros in
// their place. A file that has one is read only if it holds.
package safetensors

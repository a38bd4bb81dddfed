// Package series keeps the numbered files of a folder, step-000001250.safetensors, in order: lists
// them, moves them out of the way, removes old ones.
package series

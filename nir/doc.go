// Package nir reads and writes networks in the Neuromorphic Intermediate Representation,
// by which Norse, snnTorch, Sinabs, Rockpool, Spyx, Lava and others exchange them, and
// makes layers of them and them of layers.
//
// J. E. Pedersen et al., Nature Communications 15 (2024), 8122.
package nir

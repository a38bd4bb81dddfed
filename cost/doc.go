// Package cost says what a spiking network does for a sample: synaptic operations, spikes,
// memory traffic, and the energy of its arithmetic, beside those of the same network without
// spikes. The Model of package train measures it, see its method Cost.
package cost

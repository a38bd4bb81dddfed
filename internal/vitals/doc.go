// Package vitals judges what was measured of a network: it makes a list of what is wrong,
// and what to try, of the largest currents, the voltages, the spikes and the gradients of
// its layers. It knows nothing of how they were measured.
package vitals

// Package delays runs sequences whose values arrive later, each connection or channel by its own time, forward and backward: spikes
// are followed where delays are whole steps or lie between two, and go by frequencies where a delay is spread over many. A Run takes
// whole sequences, a Line goes beside the steps of a scan. connect makes operations of them.
package delays

// Package augment changes samples at random, in another way in each epoch, so that a network sees
// more than there is.
//
//	learn, err := augment.New(images, 42, augment.Flip{P: 0.5}, augment.Shift{Most: 2}, augment.Cutout{Size: 6})
//
// The changes of a sample are drawn from the seed, the epoch and the number of the sample: the same
// training sees the same, also one that goes on from a checkpoint, and whoever reads. A Trainer
// says which epoch it is. Images are [h w], [c h w], or sequences [T c h w], all of whose frames
// are changed alike; data sets of spikes (data.Spiking) are changed spike by spike.
package augment

// Package sound turns sound into spikes.
//
// A [WAV] reads a file sample by sample; an [Ear] filters what it reads into channels
// and gives the events of two nerve fibres for each of them:
//
//	w, err := sound.OpenWAV("seven.wav")
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	rec, err := sound.DefaultEar().Listen(w)
//
// rec is an events.Recording of [DefaultEar]'s 64 channels, for all that package
// data/events does with one.
package sound

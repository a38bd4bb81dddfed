// Package sound turns sound into spikes.
//
// A [WAV] reads a file sample by sample; an [Ear] filters what it reads into channels, by
// a [Gammatone] or a [Mel] bank, and gives the events of two nerve fibres for each:
//
//	w, err := sound.OpenWAV("seven.wav")
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	rec, err := sound.DefaultEar().Listen(w)
//
// rec is an events.Recording of [DefaultEar]'s 64 channels, for all that package
// data/events does with one; [Ear.Open] opens the files of a data/recordings set.
package sound

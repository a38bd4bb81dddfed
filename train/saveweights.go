package train

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/weights"
)

// SaveWeights writes the parameters under their names, also the values that
// neurons have from layers.Each and keep: to one file if path ends
// in ".safetensors", which Python reads by
//
//	safetensors.numpy.load_file(path)
//
// or safetensors.torch.load_file; else to a folder, NAME.npy for each, where what
// a file name cannot have is escaped as in a URL. A file appears whole or not at
// all, and replaces one that is there.
//
// A parameter with a constraint is there as the value that the network has. So that
// LoadWeights gives back every bit, what is learnt stands beside it as learnt/NAME. JSON
// names the constraints by parameter: the entry "constraints" of the metadata, or the file
// constraints.json of the folder.
func (m *Model) SaveWeights(path string) error {
	if err := m.within(func() error { return m.reading(func() error { return weights.Save(path, weightsOf(m.all())) }) }); err != nil {
		return fmt.Errorf("train: save weights: %w", err)
	}
	return nil
}

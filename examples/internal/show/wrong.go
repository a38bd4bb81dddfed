package show

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// Wrong draws the first images, of 28×28 pixels, that a model takes for something else, 24 at most,
// as "misclassified" in a folder. Classes have names or, where these are nil, numbers.
func Wrong(ctx context.Context, dir string, m *train.Model, enc encode.Encoder, d data.Dataset, names []string) error {
	const side, most = 28, 24
	answers, err := m.Classes(ctx, d, enc)
	if err != nil {
		return err
	}
	name := func(class int) string {
		if names == nil {
			return fmt.Sprint(class)
		}
		return names[class]
	}
	var wrong []plot.Digit[float32]
	for i := 0; i < len(answers) && len(wrong) < most; i++ {
		x := make([]float32, side*side)
		label, err := d.Sample(i, x)
		if err != nil {
			return err
		}
		if answers[i] != label {
			wrong = append(wrong, plot.Digit[float32]{Pixels: x, Caption: name(label) + " → " + name(answers[i])})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	columns := 8
	if names != nil {
		columns = 6 // with room for captions
	}
	fig, err := plot.Digits("Misclassified: truth and answer", side, side, columns, wrong...)
	return Save(dir, "misclassified", fig, err)
}

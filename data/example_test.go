package data_test

import (
	"fmt"
	"log"
	"slices"

	"github.com/spikegrad/spikegrad/data"
)

// Draw the regions of the Yin-Yang set, and count the classes of its usual
// training set.
func ExampleNewYinYang() {
	for y := 0.95; y > 0; y -= 0.1 {
		fmt.Print("|")
		for x := 0.025; x < 1; x += 0.05 {
			symbol := " "
			if class, inside := data.YinYangClass(x, y); inside {
				symbol = []string{data.Yin: ".", data.Yang: "#", data.Dot: "o"}[class]
			}
			fmt.Print(symbol)
		}
		fmt.Println("|")
	}

	d, err := data.NewYinYang(5000, 42)
	if err != nil {
		log.Fatal(err)
	}
	count := make([]int, d.Classes())
	x := make([]float32, 4)
	for i := range d.Len() {
		label, err := d.Sample(i, x)
		if err != nil {
			log.Fatal(err)
		}
		count[label]++
	}
	fmt.Println("yin, yang, dot:", count)
	// Output:
	// |      ########      |
	// |   ##############   |
	// | ################## |
	// |###########........#|
	// |###oooo###...oooo...|
	// |###oooo###...oooo...|
	// |.########...........|
	// | .................. |
	// |   ..............   |
	// |      ........      |
	// yin, yang, dot: [1696 1631 1673]
}

// parity is a data set of one's own: the numbers 0 to 7 as three bits, and
// whether the number of ones is odd.
type parity struct{}

func (parity) Len() int     { return 8 }
func (parity) Shape() []int { return []int{3} }

func (parity) Sample(i int, x []float32) (int, error) {
	if i < 0 || i >= 8 || len(x) != 3 {
		return 0, fmt.Errorf("parity: sample %d into length %d, want 0 to 7 into 3", i, len(x))
	}
	label := 0
	for k := range x {
		bit := i >> k & 1
		x[k] = float32(bit)
		label ^= bit
	}
	return label, nil
}

// Three methods make a data set.
func ExampleDataset() {
	var d data.Dataset = parity{}
	train, err := data.Subset(d, 0, 6) // keep the last two for testing
	if err != nil {
		log.Fatal(err)
	}
	x := make([]float32, 3)
	for i := range train.Len() {
		label, err := train.Sample(i, x)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(x, label)
	}
	// Output:
	// [0 0 0] 0
	// [1 0 0] 1
	// [0 1 0] 1
	// [1 1 0] 0
	// [0 0 1] 1
	// [1 0 1] 0
}

// Values in memory need no type of their own.
func ExampleNew() {
	d, err := data.New([]int{2}, []float32{
		0, 0,
		0, 1,
		1, 0,
		1, 1,
	}, []int{0, 1, 1, 0})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Len(), "samples of shape", d.Shape(), "in", d.Classes(), "classes")

	_, err = data.New([]int{2}, []float32{0, 0, 1}, []int{0, 1})
	fmt.Println(err)
	// Output:
	// 4 samples of shape [2] in 2 classes
	// data: new: x has 3 values, want 2 of shape [2] for each of 2 labels
}

// A run that resumes at epoch 1 sees what the first run saw then.
func ExampleOrder() {
	var first [][]int
	for epoch := range 3 {
		order, err := data.Order(1000, 42, epoch)
		if err != nil {
			log.Fatal(err)
		}
		first = append(first, order)
	}
	again, err := data.Order(1000, 42, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slices.Equal(again, first[1]))
	fmt.Println(slices.Equal(again, first[2]))
	// Output:
	// true
	// false
}

// Without the files, the error says which ones to fetch.
func ExampleOpenMNIST() {
	train, test, note, err := data.OpenMNIST("no-such-directory")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), test.Len(), note)
	// Output:
	// data: mnist: no train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz] in no-such-directory: file does not exist
}

// The classes of smooth random manifolds differ in spike times: here those of
// three units in the first two samples of both of two classes.
func ExampleNewRandman() {
	p := data.DefaultRandmanParams()
	p.Classes, p.Units = 2, 3
	d, err := data.NewRandman(p, 4, 1)
	if err != nil {
		log.Fatal(err)
	}
	x := make([]float32, p.Steps*p.Units) // d.Shape() is [100 3]
	for i := range d.Len() {
		class, err := d.Sample(i, x)
		if err != nil {
			log.Fatal(err)
		}
		times := make([]int, p.Units)
		for k, spike := range x {
			if spike == 1 {
				times[k%p.Units] = k / p.Units
			}
		}
		fmt.Println("class", class, times)
	}
	// Output:
	// class 0 [30 82 12]
	// class 1 [8 71 6]
	// class 0 [95 3 95]
	// class 1 [53 0 99]
}

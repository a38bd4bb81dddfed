package download_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/spikegrad/spikegrad/data/download"
)

// A file from the second of two sources.
func ExampleGet() {
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "spikes") }))
	defer mirror.Close()
	dir, err := os.MkdirTemp("", "download")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	got, err := download.Get(context.Background(), download.File{
		Name:   "spikes.txt",
		URLs:   []string{gone.URL, mirror.URL},
		SHA256: "3afe33347d9931bbf9ab4db4a22f9f2041bdcb4a1dc6e1cadc1548c238174bd6",
	}, dir, download.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Size, "bytes")
	// Output: 6 bytes
}

// All of N-MNIST; a second call finds it there.
func ExampleSet_Fetch() {
	set, err := download.ByName("n-mnist")
	if err != nil {
		log.Fatal(err)
	}
	got, err := set.Fetch(context.Background(), "data/n-mnist", download.Options{
		Progress: func(p download.Progress) { fmt.Printf("\r%s: %d of %d bytes", p.Name, p.Done, p.Size) },
	})
	if err != nil {
		log.Fatal(err) // what each source had to say, and the page where the authors offer it
	}
	for _, g := range got {
		fmt.Println(g.Path, g.SHA256)
	}
}

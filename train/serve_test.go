package train_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/train"
)

// A server that many ask at once answers each as the model does alone, while that asks
// and is asked itself. The race detector of CI watches it.
func TestServer(t *testing.T) {
	m, sets, _ := asked(t, func(m *train.Network) { m.Batch = 1 })
	var bodies [][]byte
	var want []string
	for _, d := range sets {
		one := predict(t, m, d)
		for i := range d.Len() {
			x := make([]float32, 4)
			_, err := d.Sample(i, x)
			require.NoError(t, err)
			b, err := json.Marshal(x)
			require.NoError(t, err)
			bodies, want = append(bodies, b), append(want, fmt.Sprint(one[3*i:3*i+3]))
		}
	}
	server := httptest.NewServer(serve(m))
	defer server.Close()
	hammer(8, 1, func(g int) {
		for k := range len(bodies) / 2 {
			i := (k*7 + g*13) % len(bodies)
			resp, err := http.Post(server.URL, "application/json", bytes.NewReader(bodies[i]))
			if err != nil {
				t.Error(err)
				return
			}
			var y []float32
			err = json.NewDecoder(resp.Body).Decode(&y)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK || fmt.Sprint(y) != want[i] {
				t.Errorf("request %d: %s, %v, want %s, %v", i, resp.Status, y, want[i], err)
			}
		}
	})
	for _, bad := range []string{"", "{", "[1]", "[1,2,3,1e60]"} {
		resp, err := http.Post(server.URL, "application/json", bytes.NewBufferString(bad))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, bad)
	}
}

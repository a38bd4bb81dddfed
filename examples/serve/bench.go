package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// bench asks the server for samples at random, by so many clients each of which waits for an answer
// before it asks again, and prints how long they waited.
func bench(ctx context.Context, s *server, url string, c settings) error {
	ctx, stop := context.WithTimeout(ctx, c.bench)
	defer stop()
	transport := &http.Transport{MaxIdleConnsPerHost: c.clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var all sync.WaitGroup
	times, errs := make([][]time.Duration, c.clients), make([]error, c.clients)
	began := time.Now()
	for i := range c.clients {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			x := make([]float32, s.values)
			for ctx.Err() == nil && errs[i] == nil {
				for k := range x {
					x[k] = r.Float32()
				}
				start := time.Now()
				if errs[i] = ask(ctx, client, url+"/v1/answers", x); errs[i] == nil {
					times[i] = append(times[i], time.Since(start))
				}
			}
			if ctx.Err() != nil {
				errs[i] = nil // the end of the bench and no fault
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	sorted := slices.Concat(times...)
	if len(sorted) == 0 {
		return fmt.Errorf("there was no answer within %v", c.bench)
	}
	slices.Sort(sorted)
	at := func(q float64) time.Duration {
		return sorted[int(q*float64(len(sorted)-1))].Round(10 * time.Microsecond)
	}
	fmt.Printf("%d clients, %d answers: p50 %v, p99 %v, %.0f a second, %.1f samples in a batch\n",
		c.clients, len(sorted), at(0.5), at(0.99), float64(len(sorted))/took.Seconds(), s.metrics.batches.mean())
	return nil
}

// ask asks for the answer to one sample.
func ask(ctx context.Context, client *http.Client, url string, x []float32) error {
	body, err := json.Marshal(input{Input: x})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}

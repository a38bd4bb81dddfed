package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/spikegrad/spikegrad/data/download"
)

const dataListHelp = `usage: spikegrad data list [flags]

Lists the data sets that are known: name, what it is, and the page where its authors
offer it, under their terms. Of those with "by hand" the authors ask who you are: get the
files there, put them into a folder, and "data get" looks at them and unpacks them, or
unpack them yourself.

`

const dataGetHelp = `usage: spikegrad data get NAME DIR [flags]

Gets the files of a data set into a folder and unpacks them there. What is there already
stays; what was broken off goes on. Each file is held to its length and its sum, where
these are published, and the SHA-256 of what has come is printed.

`

// dataList lists the data sets.
func dataList(args []string, out, _ io.Writer) error {
	fs := command("list", dataListHelp, out)
	asJSON := fs.Bool("json", false, "print an object a line")
	if rest, err := parse(fs, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return wrong("%q is too much", rest[0])
	}
	for _, s := range download.Sets() {
		how := "by hand"
		for _, f := range s.Files {
			if len(f.URLs) > 0 {
				how = "data get"
			}
		}
		if *asJSON {
			err := json.NewEncoder(out).Encode(map[string]any{"name": s.Name, "title": s.Title, "page": s.Page, "files": len(s.Files), "by hand": how == "by hand"})
			if err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintf(out, "%-16s %-9s %s\n%26s %s\n", s.Name, how, s.Title, "", s.Page); err != nil {
			return err
		}
	}
	return nil
}

// dataGet gets a data set.
func dataGet(args []string, out, errs io.Writer) error {
	fs := command("get", dataGetHelp, out)
	asJSON := fs.Bool("json", false, "print an object a file")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return wrong("there are %d arguments, want the name of a data set and a folder", len(rest))
	}
	set, err := download.ByName(rest[0])
	if err != nil {
		return wrong("%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	got, err := set.Fetch(ctx, rest[1], download.Options{Progress: progressOn(errs)})
	for _, g := range got {
		if *asJSON {
			if err := json.NewEncoder(out).Encode(map[string]any{"path": g.Path, "size": g.Size, "sha256": g.SHA256, "url": g.URL}); err != nil {
				return err
			}
			continue
		}
		sum := g.SHA256
		if sum == "" { // unpacked before
			sum = "there already"
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n", g.Path, sum); err != nil {
			return err
		}
	}
	return err
}

// progressOn returns what tells people at a terminal how far a file is, and nobody else.
func progressOn(w io.Writer) func(download.Progress) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func(p download.Progress) {
		what := "getting"
		if p.URL == "" {
			what = "unpacking"
		}
		of := ""
		if p.Size > 0 {
			of = fmt.Sprintf(" of %.1f", float64(p.Size)/1e6)
		}
		fmt.Fprintf(f, "\r\x1b[K%s %s: %.1f%s MB", what, p.Name, float64(p.Done)/1e6, of)
		if p.Done == p.Size {
			fmt.Fprintln(f)
		}
	}
}

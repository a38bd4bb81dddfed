// Spikegrad works with recordings of event cameras, and with networks of other libraries,
// on the command line.
//
//	spikegrad events info FILE...                  what recordings hold
//	spikegrad events convert IN OUT [flags]        into another format, cut or filtered
//	spikegrad events view IN -out FILE [flags]     a picture or a movie
//	spikegrad data get NAME DIR                    a published data set, from its authors
//	spikegrad nir info NET.nir [flags]             what a network holds
//	spikegrad nir run NET.nir -input IN.csv        its outputs, a line a time step
//	spikegrad nir eval NET.nir -data DIR -list FILE
//	spikegrad nir convert IN OUT                   a model of this library, or the other way round
//	spikegrad model info FILE [flags]              its layers, and what it does for an input
//	spikegrad model predict FILE -input IN         its outputs
//	spikegrad export c MODEL OUT.c [flags]         the model as plain C
//	spikegrad version [-v] [-json]                 of the library, and what it runs on
//
// Each command has help: spikegrad events info -h. It ends with 0, with 1 if a file
// could not be read or written, and with 2 if it was called in another way than its
// help says.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const usage = `spikegrad works with recordings of event cameras and other spiking sensors, and with
networks in the Neuromorphic Intermediate Representation.

usage:
  spikegrad events info FILE...              what recordings hold
  spikegrad events convert IN OUT [flags]    into another format, cut or filtered
  spikegrad events view IN -out FILE [flags] a picture or a movie
  spikegrad events formats                   the formats that are read and written
  spikegrad data list                        data sets, and where their authors offer them
  spikegrad data get NAME DIR                one of them, gone on with after a break
  spikegrad nir info NET.nir [flags]         what a network holds
  spikegrad nir run NET.nir -input IN.csv    its outputs, a line a time step
  spikegrad nir eval NET.nir -data DIR -list FILE
                                             how many recordings it classifies rightly
  spikegrad nir convert IN OUT               a model of this library, or the other way round
  spikegrad model info FILE [flags]          its layers, and what it does for an input
  spikegrad model predict FILE -input IN     its outputs
  spikegrad export c MODEL OUT.c             the model as plain C
  spikegrad version [-v]                     of the library; how it computes on this machine

Formats are found by the first bytes of a file. Each command has help, -h.
The exit code is 0, 1 if a file could not be read or written, 2 if the command
was not understood.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit codes.
const (
	fine   = 0
	failed = 1
	misuse = 2
)

// errUsage says that a command was called in another way than its help says.
var errUsage = errors.New("usage")

// A doer is a command.
type doer func(args []string, out, errs io.Writer) error

// A family of commands, by name.
type family map[string]doer

// families are the commands, by the word before them.
var families = map[string]family{
	"events": {"info": info, "convert": convert, "view": view, "formats": formats},
	"data":   {"list": dataList, "get": dataGet},
	"model":  {"info": modelInfo, "predict": modelPredict},
	"export": {"c": exportC},
	"nir":    {"info": nirInfo, "run": nirRun, "eval": nirEval, "convert": nirConvert},
}

func run(args []string, out, errs io.Writer) int {
	helps := func(i int) bool {
		return len(args) > i && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[i])
	}
	var of family
	if len(args) > 0 {
		of = families[args[0]]
	}
	if helps(0) || of != nil && helps(1) {
		fmt.Fprint(out, usage)
		return fine
	}
	words := 2 // of the command
	var do doer
	switch {
	case len(args) > 0 && args[0] == "version":
		words, do = 1, version
	case len(args) > 1:
		do = of[args[1]]
	}
	if do == nil {
		if len(args) > 0 {
			fmt.Fprintf(errs, "spikegrad: there is no command %q\n\n", strings.Join(args[:min(2, len(args))], " "))
		}
		fmt.Fprint(errs, usage)
		return misuse
	}
	err := do(args[words:], out, errs)
	name := strings.Join(args[:words], " ")
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return fine
	case errors.Is(err, errUsage):
		if text := strings.TrimPrefix(err.Error(), "usage: "); text != "usage" {
			fmt.Fprintf(errs, "spikegrad %s: %s\n", name, text)
		}
		fmt.Fprintf(errs, "spikegrad %s -h has help\n", name)
		return misuse
	}
	fmt.Fprintln(errs, "spikegrad:", err)
	return failed
}

// wrong is an errUsage with what is wrong.
func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// command returns the flags of a command, with its help.
func command(name, help string, out io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {
		fmt.Fprint(out, help)
		fs.SetOutput(out)
		fs.PrintDefaults()
		fs.SetOutput(io.Discard)
	}
	return fs
}

// parse returns what is no flag. Flags may stand before, behind and between.
func parse(fs *flag.FlagSet, args []string) (files []string, err error) {
	asked := false
	usage := fs.Usage
	fs.Usage = func() {} // an error is one line, and only -h gives the help
	for {
		err := fs.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			asked = true
		}
		if asked {
			usage()
			return nil, flag.ErrHelp
		}
		if err != nil {
			return nil, wrong("%v", err)
		}
		if fs.NArg() == 0 {
			return files, nil
		}
		files, args = append(files, fs.Arg(0)), fs.Args()[1:]
	}
}

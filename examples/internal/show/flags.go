package show

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// Parse reads the flags of an example, whose help begins with what the example
// does. A word that is no flag ends the program: it and the flags behind it would
// else be passed over, as in "-resume true -out A".
func Parse(about string) {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), about)
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := stray(flag.CommandLine); err != nil {
		name, _, _ := strings.Cut(about, " ")
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(2)
	}
}

// stray returns an error if words are left that are no flags.
func stray(fs *flag.FlagSet) error {
	if fs.NArg() == 0 {
		return nil
	}
	return fmt.Errorf("%q is no flag: want -NAME VALUE, or -NAME and -NAME=false of a flag that is on or off; -h lists the flags", fs.Arg(0))
}

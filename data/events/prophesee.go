package events

import (
	"strconv"
	"strings"
)

// A percent is what the lines with % in front of a recording of Prophesee say.
type percent struct {
	format        string // EVT2, EVT3, … as the file says; "" if it does not
	data          bool   // it says that it is a data file, as .dat do
	version       string // of a data file
	width, height int
	camera        bool // the size is that of a camera that it names
}

// isPercent returns a function that reports whether a file starts with lines of
// Prophesee that make ok say yes.
func isPercent(ok func(percent) bool) func([]byte) bool {
	return func(start []byte) bool {
		if len(start) == 0 || start[0] != '%' {
			return false
		}
		in := &source{buf: start, hi: len(start), err: errInMemory}
		return ok(readPercent(in))
	}
}

// readPercent reads the lines.
func readPercent(in *source) percent {
	var p percent
	in.lines('%', func(line string) bool {
		key, value, _ := strings.Cut(strings.TrimSpace(line[1:]), " ")
		value = strings.TrimSpace(value)
		switch strings.ToLower(key) {
		case "end":
			return false
		case "evt":
			p.format = "EVT" + strings.TrimSuffix(value, ".0")
		case "format":
			for i, part := range strings.Split(value, ";") {
				k, v, _ := strings.Cut(part, "=")
				switch {
				case i == 0 && strings.HasPrefix(part, "EVT"):
					p.format = part
				case k == "width":
					p.width = pixels(v)
				case k == "height":
					p.height = pixels(v)
				}
			}
		case "geometry":
			w, h, _ := strings.Cut(value, "x")
			p.width, p.height, p.camera = pixels(w), pixels(h), false
		case "width":
			p.width = pixels(value)
		case "height":
			p.height = pixels(value)
		case "version":
			p.version = value
		case "data":
			p.data = p.data || strings.HasPrefix(value, "file")
		case "plugin_name", "generation", "sensor_name":
			p.sensor(value)
		}
		return true
	})
	return p
}

// sensor takes the size from the name of a camera, if nothing has given one.
func (p *percent) sensor(name string) {
	if p.width > 0 {
		return
	}
	name = strings.ToLower(name)
	for _, c := range []struct {
		part string
		w, h int
	}{
		{"genx320", 320, 320}, {"gen4", 1280, 720}, {"imx636", 1280, 720}, {"imx646", 1280, 720}, {"gen3", 640, 480},
	} {
		if strings.Contains(name, c.part) {
			p.width, p.height, p.camera = c.w, c.h, true
			return
		}
	}
}

// pixels returns a number of pixels, 0 if it is none.
func pixels(s string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 14)
	if err != nil {
		return 0
	}
	return int(n)
}

// head returns the size of the sensor, which is w × h if the file says nothing.
func (p percent) head(w, h int) head {
	switch {
	case p.width > 0 && p.height > 0 && p.camera:
		return head{width: p.width, height: p.height, geometry: camera}
	case p.width > 0 && p.height > 0:
		return head{width: p.width, height: p.height, geometry: stated}
	}
	return head{width: w, height: h, geometry: usual}
}

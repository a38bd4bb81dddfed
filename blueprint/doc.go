// Package blueprint writes down what a network is made of, as JSON, and builds it again
// from that: so that a file of weights is a model, for programs that do not have the code
// that made the network.
//
//	text, err := blueprint.Write(layers.Sequential{ … })
//	net, err := blueprint.Read(text)
//
// Save and Load of package model put it among the metadata of a file of weights. It names
// types and numbers, and nothing of it is run: a function of a user's own, a layer or
// neurons of a type that is not registered are errors that say which. The library's are
// registered; Register, RegisterNeurons and RegisterFunc enter others, under names that no
// other has.
//
// The JSON has a version. An object with "type" is a value of the type of that name, with
// the fields that are not zero:
//
//	{"version": 1, "net": {"type": "Sequential", "layers": [
//	  {"type": "Linear", "Out": 128},
//	  {"type": "Named", "name": "hidden", "layer": {"type": "Neurons", "model": "LIFStep", "params": {"TauMemInv": 100, …}}}
//	]}}
//
// Neurons may be "refractory" (wrap.Refractory), "recurrent" or recurrent "through" other
// connections, and say what they "learn". Parameters of neurons are numbers, values that print as text ("euler") are text, numbers
// that JSON lacks are "Inf", "-Inf" and "NaN". How weights are drawn first is left out. A
// pointer to a registered type that is a json.Marshaler and json.Unmarshaler writes itself.
package blueprint

package guard

import (
	"encoding"
	"fmt"
)

// Marshal returns the state of what is called so.
func Marshal(name string, s encoding.BinaryMarshaler) (b []byte, err error) {
	err = Call("MarshalBinary", name, s, func() (err error) { b, err = s.MarshalBinary(); return err })
	if err != nil {
		return nil, fmt.Errorf("state of the %s: %w", name, err)
	}
	return b, nil
}

// Unmarshal puts the state of what is called so back.
func Unmarshal(name string, s encoding.BinaryUnmarshaler, b []byte) error {
	err := Call("UnmarshalBinary", name, s, func() error { return s.UnmarshalBinary(b) })
	if err != nil {
		return fmt.Errorf("state of the %s: %w", name, err)
	}
	return nil
}

package train

// A doctorState is what the doctor remembers, if there is one.
type doctorState struct {
	doctor *doctor
	read   *recollection
}

func (s *doctorState) save(c *Checkpoint) error {
	if s.doctor == nil || s.doctor.memory == nil {
		return nil
	}
	return c.put(entry{"doctor", s.doctor.memory})
}

func (s *doctorState) check(c *Checkpoint) error {
	if s.doctor == nil {
		return nil
	}
	err := c.get(entry{"doctor", &s.read})
	if s.read != nil && s.read.Labels == nil {
		s.read.Labels = map[int]int{}
	}
	return err
}

func (s *doctorState) load() (back func(), err error) {
	if s.read != nil {
		s.doctor.memory = s.read
	}
	return nil, nil
}

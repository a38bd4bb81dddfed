package runlog

// Killed does to f what the system does when its process is killed.
func (f *Folder) Killed() { f.close() }

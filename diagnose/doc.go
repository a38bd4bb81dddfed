// Package diagnose says what can be wrong with a spiking network that does not learn.
//
//	findings, err := train.Diagnose(ctx, model, samples, encoder)
//	for _, f := range findings {
//		fmt.Println(f.Kind, f.Message, f.Cure)
//	}
//
// Diagnose of package train, and the Doctor of a Trainer, look for it.
package diagnose
